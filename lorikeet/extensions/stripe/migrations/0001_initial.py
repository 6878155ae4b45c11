
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('lorikeet', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='StripePayment',
            fields=[
                ('payment_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.payment')),
                ('charge', models.CharField(max_length=255, null=True, verbose_name="Stripe's id of the charge")),
                ('is_captured', models.BooleanField(default=True, verbose_name='captured')),
            ],
            options={
                'verbose_name': 'Stripe payment',
                'verbose_name_plural': 'Stripe payments',
                'permissions': (('capture_stripepayment', 'Can take money that was authorised'),),
            },
            bases=('lorikeet.payment',),
        ),
        migrations.CreateModel(
            name='StripeCustomer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='key')),
                ('reference', models.CharField(max_length=255, null=True, unique=True, verbose_name="Stripe's id")),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='stripe_customer', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'Stripe customer',
                'verbose_name_plural': 'Stripe customers',
            },
        ),
        migrations.CreateModel(
            name='StripeCard',
            fields=[
                ('paymentmethod_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='lorikeet.paymentmethod')),
                ('payment_method', models.CharField(max_length=255, null=True, unique=True, verbose_name="Stripe's id")),
                ('confirmation_token', models.CharField(editable=False, max_length=255, null=True, unique=True)),
                ('reusable', models.BooleanField(default=False, verbose_name='reusable')),
                ('brand', models.CharField(max_length=40, verbose_name='brand')),
                ('last4', models.CharField(max_length=4, verbose_name='last four digits')),
                ('exp_month', models.PositiveSmallIntegerField(verbose_name='month of expiry')),
                ('exp_year', models.PositiveSmallIntegerField(verbose_name='year of expiry')),
                ('forgotten_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('customer', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cards', to='lorikeet_stripe.stripecustomer', verbose_name='Stripe customer')),
            ],
            options={
                'verbose_name': 'Stripe card',
                'verbose_name_plural': 'Stripe cards',
            },
            bases=('lorikeet.paymentmethod',),
        ),
    ]
