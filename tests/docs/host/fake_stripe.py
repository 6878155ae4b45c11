"""Stripe, as the tests of a shop have it."""

from lorikeet.testing.stripe import FakeStripe

stripe = FakeStripe()
client = stripe.client
