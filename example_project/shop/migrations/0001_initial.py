import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('lorikeet', '0001_initial'),
        ('lorikeet_stock', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AustralianDeliveryAddress',
            fields=[
                ('deliveryaddress_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.deliveryaddress')),
                ('addressee', models.CharField(max_length=100)),
                ('address', models.CharField(max_length=200)),
                ('suburb', models.CharField(max_length=100)),
                ('state', models.CharField(choices=[('ACT', 'Australian Capital Territory'), ('NSW', 'New South Wales'), ('NT', 'Northern Territory'), ('QLD', 'Queensland'), ('SA', 'South Australia'), ('TAS', 'Tasmania'), ('VIC', 'Victoria'), ('WA', 'Western Australia')], max_length=3)),
                ('postcode', models.CharField(max_length=4, validators=[django.core.validators.RegexValidator('^[0-9]{4}\\Z', 'A postcode has four digits.')])),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.deliveryaddress',),
        ),
        migrations.CreateModel(
            name='CouponAdjustment',
            fields=[
                ('adjustment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.adjustment')),
                ('code', models.CharField(max_length=20)),
                ('percentage', models.PositiveSmallIntegerField()),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.adjustment',),
        ),
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('slug', models.SlugField(unique=True)),
                ('region', models.CharField(max_length=100)),
                ('about', models.TextField()),
                ('motif', models.CharField(choices=[('hill', 'A hill and a quandong'), ('magpies', 'Two magpies on a wire'), ('tramway', 'A railway line to the horizon'), ('lighthouse', 'A lighthouse above the sea')], max_length=20)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='PretendCard',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('card_token', models.CharField(max_length=40)),
                ('brand', models.CharField(max_length=20)),
                ('last4', models.CharField(max_length=4)),
                ('expiry', models.CharField(max_length=5)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.paymentmethod',),
        ),
        migrations.CreateModel(
            name='PretendWallet',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.paymentmethod',),
        ),
        migrations.CreateModel(
            name='Wine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sku', models.SlugField(unique=True)),
                ('name', models.CharField(max_length=100)),
                ('vintage', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('style', models.CharField(choices=[('sparkling', 'Sparkling'), ('white', 'White'), ('orange', 'Skin contact'), ('rose', 'Rosé'), ('red', 'Red'), ('sweet', 'Sweet')], max_length=20)),
                ('bottle', models.CharField(choices=[('bordeaux', 'A bottle with high shoulders'), ('burgundy', 'A bottle with sloping shoulders'), ('hock', 'A tall and slim bottle'), ('sparkling', 'A heavy bottle with foil around its neck'), ('half', 'A half bottle')], max_length=20)),
                ('summary', models.CharField(max_length=140)),
                ('description', models.TextField()),
                ('options', models.JSONField(blank=True, default=dict)),
                ('unit_price', models.DecimalField(decimal_places=2, max_digits=7, validators=[django.core.validators.MinValueValidator(0)])),
                ('is_kept_in_cart', models.BooleanField(default=False, help_text='A cart keeps its bottles for the shopper for a while. For wines that are rare.')),
                ('is_listed', models.BooleanField(default=True)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wines', to='shop.merchant')),
                ('stock', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to='lorikeet_stock.stockrecord')),
            ],
            options={
                'ordering': ['merchant__name', 'name'],
            },
        ),
        migrations.CreateModel(
            name='WineLineItem',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('quantity', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)])),
                ('wine', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='shop.wine')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
    ]
