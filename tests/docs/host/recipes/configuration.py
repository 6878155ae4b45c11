"""Settings that the how-to guides show."""

LORIKEET_CHARGES = [
    "shop.charges.FlatRateShipping",
    "recipes.charges.StoreCredit",
]

LORIKEET_CART_SECTIONS = ["recipes.sections.FreeDelivery"]

LORIKEET_CART_COMPLETE_CHECKERS = [
    "lorikeet.cart_checkers.delivery_address_required",
    "lorikeet.cart_checkers.payment_method_required",
    "lorikeet.cart_checkers.cart_not_empty",
    "lorikeet.cart_checkers.email_address_if_anonymous",
    "recipes.checkers.minimum_order",
]
