
import django.core.validators
import django.db.models.deletion
import tests.testapp.payments
import uuid
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('lorikeet', '0001_initial'),
        ('testapp', '0001_shopper'),
    ]

    operations = [
        migrations.CreateModel(
            name='AmountOff',
            fields=[
                ('adjustment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.adjustment')),
                ('amount', models.DecimalField(decimal_places=4, max_digits=12)),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.adjustment',),
        ),
        migrations.CreateModel(
            name='Balance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('left', models.DecimalField(decimal_places=4, max_digits=12)),
            ],
        ),
        migrations.CreateModel(
            name='BankEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order', models.BigIntegerField()),
                ('amount', models.DecimalField(decimal_places=4, max_digits=19)),
            ],
        ),
        migrations.CreateModel(
            name='Book',
            fields=[
                ('code', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=80)),
                ('price', models.DecimalField(decimal_places=4, max_digits=12)),
            ],
        ),
        migrations.CreateModel(
            name='BookLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='testapp.book')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='CardPayment',
            fields=[
                ('payment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.payment')),
                ('reference', models.CharField(max_length=40)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.payment',),
        ),
        migrations.CreateModel(
            name='Coupon',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=20, unique=True)),
                ('amount', models.DecimalField(decimal_places=4, max_digits=12)),
            ],
        ),
        migrations.CreateModel(
            name='Course',
            fields=[
                ('slug', models.SlugField(primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=80)),
                ('fee', models.DecimalField(decimal_places=4, max_digits=12)),
            ],
        ),
        migrations.CreateModel(
            name='ExactCard',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('token', models.CharField(max_length=40)),
            ],
            options={
                'abstract': False,
            },
            bases=(tests.testapp.payments.AtProvider, 'lorikeet.paymentmethod'),
        ),
        migrations.CreateModel(
            name='HookCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('line', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='KeyedCard',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('token', models.CharField(max_length=40)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.paymentmethod',),
        ),
        migrations.CreateModel(
            name='Locker',
            fields=[
                ('name', models.SlugField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='MoodyLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('mood', models.CharField(choices=[('calm', 'Calm'), ('float', 'Float'), ('text', 'Text'), ('none', 'None'), ('nan', 'Nan'), ('infinite', 'Infinite'), ('negative', 'Negative'), ('huge', 'Huge'), ('raising', 'Raising'), ('unready', 'Unready'), ('unready_at_checkout', 'Unready At Checkout'), ('gone', 'Gone')], default='calm', max_length=20)),
                ('amount', models.DecimalField(decimal_places=4, default=Decimal('10'), max_digits=19)),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='OneCallCard',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('token', models.CharField(max_length=40)),
            ],
            options={
                'abstract': False,
            },
            bases=(tests.testapp.payments.AtProvider, 'lorikeet.paymentmethod'),
        ),
        migrations.CreateModel(
            name='PayLater',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('number', models.CharField(max_length=20)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.paymentmethod',),
        ),
        migrations.CreateModel(
            name='PretendCard',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('token', models.CharField(max_length=40)),
                ('brand', models.CharField(default='visa', max_length=20)),
                ('last4', models.CharField(default='4242', max_length=4)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.paymentmethod',),
        ),
        migrations.CreateModel(
            name='Promise',
            fields=[
                ('payment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.payment')),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.payment',),
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('payment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.payment')),
                ('reference', models.CharField(max_length=40)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.payment',),
        ),
        migrations.CreateModel(
            name='ScriptedCard',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('token', models.CharField(default='tok_scripted', max_length=40)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.paymentmethod',),
        ),
        migrations.CreateModel(
            name='ShareOff',
            fields=[
                ('adjustment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.adjustment')),
                ('parts', models.PositiveSmallIntegerField(default=3, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(100)])),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.adjustment',),
        ),
        migrations.CreateModel(
            name='SimpleCard',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('token', models.CharField(max_length=40)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.paymentmethod',),
        ),
        migrations.CreateModel(
            name='StreetAddress',
            fields=[
                ('deliveryaddress_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.deliveryaddress')),
                ('addressee', models.CharField(max_length=80)),
                ('street', models.CharField(max_length=80)),
                ('suburb', models.CharField(max_length=40)),
                ('state', models.CharField(max_length=3)),
                ('postcode', models.CharField(max_length=10)),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.deliveryaddress',),
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
            ],
            options={
                'abstract': False,
            },
            bases=(tests.testapp.payments.AtProvider, 'lorikeet.paymentmethod'),
        ),
        migrations.CreateModel(
            name='Tutor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
            ],
        ),
        migrations.CreateModel(
            name='Wine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('unit_price', models.DecimalField(decimal_places=4, max_digits=19)),
                ('hidden', models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name='Wrapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('price', models.DecimalField(decimal_places=4, max_digits=12)),
            ],
        ),
        migrations.CreateModel(
            name='GiftBookLine',
            fields=[
                ('bookline_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='testapp.bookline')),
                ('message', models.CharField(blank=True, max_length=200)),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('testapp.bookline',),
        ),
        migrations.CreateModel(
            name='CouponAdjustment',
            fields=[
                ('adjustment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.adjustment')),
                ('coupon', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='testapp.coupon')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.adjustment',),
        ),
        migrations.CreateModel(
            name='Credit',
            fields=[
                ('adjustment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.adjustment')),
                ('amount', models.DecimalField(decimal_places=4, max_digits=12)),
                ('balance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='testapp.balance')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.adjustment',),
        ),
        migrations.CreateModel(
            name='LockerAddress',
            fields=[
                ('deliveryaddress_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.deliveryaddress')),
                ('note', models.CharField(blank=True, max_length=80)),
                ('locker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='testapp.locker')),
            ],
            options={
                'abstract': False,
            },
            bases=('lorikeet.deliveryaddress',),
        ),
        migrations.CreateModel(
            name='CourseLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='testapp.course')),
                ('tutor', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='testapp.tutor')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='HamperLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('wines', models.ManyToManyField(to='testapp.wine')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.CreateModel(
            name='WineLine',
            fields=[
                ('lineitem_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.lineitem')),
                ('quantity', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1000)])),
                ('product', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='testapp.wine')),
            ],
            options={
                'ordering': ('id',),
                'abstract': False,
            },
            bases=('lorikeet.lineitem',),
        ),
        migrations.AddField(
            model_name='bookline',
            name='wrapping',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, to='testapp.wrapping'),
        ),
    ]
