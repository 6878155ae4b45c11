"""Cards through Stripe's PaymentIntents: charged exactly once, saved, authorised, captured and paid back.

Install ``lorikeet-cart[stripe]``, add ``"lorikeet.extensions.stripe"`` to ``INSTALLED_APPS`` and set
``LORIKEET_STRIPE_API_KEY``.
"""
