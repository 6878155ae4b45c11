
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('contenttypes', '0002_remove_content_type_name'),
        ('lorikeet', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', models.BigIntegerField(verbose_name='quantity')),
                ('returned', models.BigIntegerField(default=0, verbose_name='returned')),
                ('state', models.CharField(choices=[('held', 'held'), ('consumed', 'sold'), ('released', 'released')], default='held', max_length=10, verbose_name='state')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires at')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='held since')),
                ('cart', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='stock_holds', to='lorikeet.cart')),
                ('line', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='stock_holds', to='lorikeet.lineitem')),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='stock_holds', to='lorikeet.order')),
            ],
            options={
                'verbose_name': 'hold',
                'verbose_name_plural': 'holds',
                'permissions': (('restock_hold', 'Can put back into stock what was sold'), ('release_hold', 'Can release what is held for no order')),
            },
        ),
        migrations.CreateModel(
            name='StockRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, help_text='What staff know it by.', max_length=200, verbose_name='name')),
                ('location', models.CharField(blank=True, max_length=100, verbose_name='location')),
                ('position', models.PositiveIntegerField(default=0, help_text='Of the locations of a product, the lowest is taken from first.', verbose_name='position')),
                ('object_id', models.CharField(blank=True, max_length=64, null=True, verbose_name='primary key of the product')),
                ('on_hand', models.BigIntegerField(default=0, editable=False, verbose_name='on hand')),
                ('held', models.BigIntegerField(default=0, editable=False, verbose_name='held')),
                ('tracked', models.BooleanField(default=True, help_text='If not, any number can be sold.', verbose_name='tracked')),
                ('backorder_limit', models.BigIntegerField(default=0, help_text='How many more than there are may be sold.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1000000000000)], verbose_name='backorder limit')),
                ('low_level', models.BigIntegerField(blank=True, help_text='Staff are told when no more than this is on hand.', null=True, verbose_name='low level')),
                ('content_type', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='contenttypes.contenttype', verbose_name='type of the product')),
            ],
            options={
                'verbose_name': 'stock record',
                'verbose_name_plural': 'stock records',
                'permissions': (('adjust_stockrecord', 'Can correct what is on hand'),),
            },
        ),
        migrations.CreateModel(
            name='Movement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('sale', 'sale'), ('return', 'return'), ('correction', 'correction')], max_length=10, verbose_name='kind')),
                ('quantity', models.BigIntegerField(help_text='Below zero for what left.', verbose_name='quantity')),
                ('key', models.UUIDField(blank=True, editable=False, null=True, unique=True)),
                ('reason', models.CharField(blank=True, max_length=255, verbose_name='reason')),
                ('created_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='time')),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('hold', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='lorikeet_stock.hold')),
                ('stock', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='lorikeet_stock.stockrecord')),
            ],
            options={
                'verbose_name': 'movement',
                'verbose_name_plural': 'movements',
            },
        ),
        migrations.AddField(
            model_name='hold',
            name='stock',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='lorikeet_stock.stockrecord'),
        ),
        migrations.AddConstraint(
            model_name='stockrecord',
            constraint=models.CheckConstraint(condition=models.Q(('held__gte', 0)), name='lorikeet_stock_held_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='stockrecord',
            constraint=models.CheckConstraint(condition=models.Q(('backorder_limit__gte', 0)), name='lorikeet_stock_limit_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='stockrecord',
            constraint=models.CheckConstraint(condition=models.Q(('held__lte', django.db.models.expressions.CombinedExpression(models.F('on_hand'), '+', models.F('backorder_limit')))), name='lorikeet_stock_held_is_there'),
        ),
        migrations.AddConstraint(
            model_name='stockrecord',
            constraint=models.UniqueConstraint(fields=('content_type', 'object_id', 'location'), name='lorikeet_stock_product_at_location'),
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(fields=['stock', 'state', 'expires_at'], name='lorikeet_stock_hold_stock'),
        ),
        migrations.AddIndex(
            model_name='hold',
            index=models.Index(fields=['state', 'expires_at'], name='lorikeet_stock_hold_expiry'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('quantity__gt', 0)), name='lorikeet_stock_hold_of_something'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('returned__gte', 0), ('returned__lte', models.F('quantity'))), name='lorikeet_stock_returned_was_sold'),
        ),
        migrations.AddConstraint(
            model_name='hold',
            constraint=models.CheckConstraint(condition=models.Q(('order', None), ('cart', None), _connector='OR'), name='lorikeet_stock_hold_of_one'),
        ),
    ]
