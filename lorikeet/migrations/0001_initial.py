
import django.core.serializers.json
import django.db.models.deletion
import lorikeet.base_models
import lorikeet.clock
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RecoveryRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('finished_at', models.DateTimeField(verbose_name='finished at')),
            ],
        ),
        migrations.CreateModel(
            name='Cart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='key')),
                ('email', models.EmailField(blank=True, default='', max_length=254, verbose_name='e-mail')),
                ('currency', models.CharField(default=lorikeet.base_models.default_currency, max_length=3, verbose_name='currency')),
                ('seq', models.PositiveBigIntegerField(default=0, editable=False)),
                ('network', models.CharField(blank=True, db_index=True, default='', editable=False, max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, db_index=True, verbose_name='updated at')),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='lorikeet_cart', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'cart',
                'verbose_name_plural': 'carts',
            },
        ),
        migrations.CreateModel(
            name='EmptyCart',
            fields=[
            ],
            options={
                'proxy': True,
                'default_permissions': (),
                'indexes': [],
                'constraints': [],
            },
            bases=('lorikeet.cart',),
        ),
        migrations.CreateModel(
            name='DeliveryAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('cart', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='%(class)s_set', to='lorikeet.cart')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'delivery address',
                'verbose_name_plural': 'delivery addresses',
            },
        ),
        migrations.AddField(
            model_name='cart',
            name='delivery_address',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='lorikeet.deliveryaddress'),
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uuid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
                ('state', models.CharField(choices=[('pending', 'pending'), ('placed', 'placed'), ('cancelled', 'cancelled')], default='pending', max_length=9, verbose_name='state')),
                ('client_key', models.CharField(blank=True, editable=False, max_length=255, null=True, verbose_name='idempotency key')),
                ('fingerprint', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('custom_invoice_id', models.CharField(blank=True, max_length=255, null=True, unique=True, verbose_name='invoice id')),
                ('guest_email', models.EmailField(blank=True, default='', max_length=254, verbose_name='e-mail for this order')),
                ('currency', models.CharField(default=lorikeet.base_models.default_currency, max_length=3, verbose_name='currency')),
                ('subtotal', models.DecimalField(decimal_places=4, max_digits=19)),
                ('grand_total', models.DecimalField(decimal_places=4, max_digits=19)),
                ('cancel_reason', models.CharField(blank=True, default='', max_length=40, verbose_name='cancelled because')),
                ('created_at', models.DateTimeField(default=lorikeet.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='updated at')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires at')),
                ('digest', models.CharField(blank=True, default='', editable=False, max_length=64)),
                ('purchased_on', models.DateTimeField(blank=True, null=True, verbose_name='purchased on')),
                ('notified_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('cart', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='orders', to='lorikeet.cart')),
                ('delivery_address', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='lorikeet.deliveryaddress')),
                ('slot', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='pending_order', to='lorikeet.cart')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='lorikeet_orders', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'order',
                'verbose_name_plural': 'orders',
                'ordering': ('-id',),
                'permissions': (('refund_order', 'Can refund an order'), ('cancel_order', 'Can cancel a pending order')),
            },
        ),
        migrations.CreateModel(
            name='OrderCharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=64, verbose_name='code')),
                ('label', models.CharField(max_length=255, verbose_name='label')),
                ('currency', models.CharField(default=lorikeet.base_models.default_currency, max_length=3, verbose_name='currency')),
                ('total', models.DecimalField(decimal_places=4, max_digits=19)),
                ('included', models.BooleanField(default=False, verbose_name='included in the prices')),
                ('data', models.JSONField(blank=True, default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='charges', to='lorikeet.order')),
            ],
            options={
                'verbose_name': 'charge',
                'verbose_name_plural': 'charges',
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='PaymentMethod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('active', models.BooleanField(default=True, verbose_name='active')),
                ('cart', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='%(class)s_set', to='lorikeet.cart')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='%(class)s_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'payment method',
                'verbose_name_plural': 'payment methods',
            },
        ),
        migrations.CreateModel(
            name='PaymentAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('charge', 'charge'), ('refund', 'refund')], default='charge', max_length=6, verbose_name='kind')),
                ('state', models.CharField(choices=[('calling', 'calling the provider'), ('pending', 'waiting for the shopper or the provider'), ('unknown', 'outcome not known yet'), ('paid', 'paid'), ('failed', 'failed')], default='calling', max_length=7, verbose_name='state')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='key at the provider')),
                ('amount', models.DecimalField(decimal_places=4, max_digits=19)),
                ('currency', models.CharField(default=lorikeet.base_models.default_currency, max_length=3, verbose_name='currency')),
                ('provider', models.CharField(max_length=100, verbose_name='provider')),
                ('reference', models.CharField(blank=True, max_length=255, null=True, verbose_name="provider's reference")),
                ('lease', models.UUIDField(blank=True, editable=False, null=True)),
                ('lease_until', models.DateTimeField(blank=True, editable=False, null=True)),
                ('check_at', models.DateTimeField(blank=True, null=True, verbose_name='look again at')),
                ('attention', models.CharField(blank=True, default='', max_length=40, verbose_name='reason for attention')),
                ('info', models.JSONField(blank=True, null=True)),
                ('received', models.CharField(blank=True, default='', editable=False, max_length=40, verbose_name='received instead')),
                ('reason', models.CharField(blank=True, default='', max_length=255, verbose_name='reason')),
                ('created_at', models.DateTimeField(default=lorikeet.clock.now, editable=False, verbose_name='created at')),
                ('updated_at', models.DateTimeField(default=lorikeet.clock.now, editable=False, verbose_name='updated at')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('open_for', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='open_attempt', to='lorikeet.order')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='lorikeet.order')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='lorikeet.paymentattempt')),
                ('method', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='lorikeet.paymentmethod')),
            ],
            options={
                'verbose_name': 'payment attempt',
                'verbose_name_plural': 'payment attempts',
                'ordering': ('id',),
                'permissions': (('resolve_paymentattempt', 'Can decide what became of a payment'),),
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('attempt', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='payment', to='lorikeet.paymentattempt')),
                ('method', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='lorikeet.paymentmethod')),
            ],
            options={
                'verbose_name': 'payment',
                'verbose_name_plural': 'payments',
            },
        ),
        migrations.AddField(
            model_name='order',
            name='payment_method',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='lorikeet.paymentmethod'),
        ),
        migrations.AddField(
            model_name='cart',
            name='payment_method',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='lorikeet.paymentmethod'),
        ),
        migrations.CreateModel(
            name='ThrottleCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=64)),
                ('window', models.PositiveBigIntegerField()),
                ('count', models.PositiveIntegerField(default=0)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('key', 'window'), name='lorikeet_throttle_once_per_window')],
            },
        ),
        migrations.CreateModel(
            name='LineItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('total_when_charged', models.DecimalField(blank=True, decimal_places=4, editable=False, max_digits=19, null=True)),
                ('cart', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='items', to='lorikeet.cart')),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='lorikeet.order')),
            ],
            options={
                'verbose_name': 'line item',
                'verbose_name_plural': 'line items',
                'ordering': ('id',),
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('cart__isnull', False), ('order__isnull', True)), models.Q(('cart__isnull', True), ('order__isnull', False)), _connector='OR'), name='lorikeet_lineitem_in_cart_or_order')],
            },
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created at')),
                ('total_when_charged', models.DecimalField(blank=True, decimal_places=4, editable=False, max_digits=19, null=True)),
                ('cart', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='adjustments', to='lorikeet.cart')),
                ('order', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='lorikeet.order')),
            ],
            options={
                'verbose_name': 'adjustment',
                'verbose_name_plural': 'adjustments',
                'ordering': ('id',),
                'abstract': False,
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('cart__isnull', False), ('order__isnull', True)), models.Q(('cart__isnull', True), ('order__isnull', False)), _connector='OR'), name='lorikeet_adjustment_in_cart_or_order')],
            },
        ),
        migrations.AddIndex(
            model_name='paymentattempt',
            index=models.Index(fields=['state', 'lease_until'], name='lorikeet_attempt_lapsed'),
        ),
        migrations.AddIndex(
            model_name='paymentattempt',
            index=models.Index(fields=['state', 'check_at'], name='lorikeet_attempt_due'),
        ),
        migrations.AddConstraint(
            model_name='paymentattempt',
            constraint=models.UniqueConstraint(fields=('provider', 'reference', 'kind'), name='lorikeet_attempt_reference_once'),
        ),
        migrations.AddConstraint(
            model_name='paymentattempt',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='lorikeet_attempt_amount_positive'),
        ),
        migrations.AddConstraint(
            model_name='paymentattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'charge'), ('parent__isnull', True)), models.Q(('kind', 'refund'), ('parent__isnull', False)), _connector='OR'), name='lorikeet_attempt_refund_has_parent'),
        ),
        migrations.AddConstraint(
            model_name='paymentattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('open_for', models.F('order')), ('open_for__isnull', False), ('kind', 'charge'), ('state__in', ['calling', 'pending', 'unknown'])), models.Q(('open_for__isnull', True), models.Q(('kind', 'charge'), ('state__in', ['calling', 'pending', 'unknown']), _negated=True)), _connector='OR'), name='lorikeet_attempt_one_open_charge'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['state', 'expires_at'], name='lorikeet_order_expiry'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('cart', 'client_key'), name='lorikeet_order_once_per_client_key'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('grand_total__gte', 0)), name='lorikeet_order_total_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('slot__isnull', True), ('state', 'pending'), _connector='OR'), name='lorikeet_order_slot_only_while_pending'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('purchased_on__isnull', False), ('state', 'placed')), models.Q(models.Q(('state', 'placed'), _negated=True), ('purchased_on__isnull', True)), _connector='OR'), name='lorikeet_order_purchased_when_placed'),
        ),
    ]
