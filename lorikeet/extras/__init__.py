"""Tells a shop that was written for the original Lorikeet what took the place of its extras."""

raise ImportError(
    "lorikeet.extras is gone. Instead of lorikeet.extras.stripe write lorikeet.extensions.stripe, in INSTALLED_APPS "
    "too; instead of lorikeet.extras.email_invoice and lorikeet.extras.starshipit write a receiver of the signal "
    "lorikeet.signals.order_checked_out."
)
