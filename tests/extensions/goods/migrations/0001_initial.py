
import django.core.validators
import django.db.models.deletion
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('lorikeet', '0001_initial'),
        ('lorikeet_stock', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Gadget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50)),
                ('price', models.DecimalField(decimal_places=2, default=Decimal('10'), max_digits=7)),
            ],
        ),
        migrations.CreateModel(
            name='Bottle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=50)),
                ('price', models.DecimalField(decimal_places=2, default=Decimal('10'), max_digits=7)),
                ('stock', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='lorikeet_stock.stockrecord')),
            ],
        ),
        migrations.CreateModel(
            name='BottleLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('quantity', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000)])),
                ('bottle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='goods.bottle')),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='FittingSeatLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('quantity', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000)])),
                ('bottle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='goods.bottle')),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='DownloadLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('gadget', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='goods.gadget')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='GadgetLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('quantity', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000)])),
                ('gadget', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='goods.gadget')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='HamperOfBottles',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('quantity', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000)])),
                ('first', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='goods.bottle')),
                ('second', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='goods.bottle')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='SeatLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('quantity', models.PositiveIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(10000)])),
                ('bottle', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='goods.bottle')),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
    ]
