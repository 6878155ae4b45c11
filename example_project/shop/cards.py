"""Stripe's test cards: the PaymentMethod for each, and what becomes of a payment with it.

Source: https://docs.stripe.com/testing
"""

TEST_CARDS = {
    "pm_card_visa": "Visa ending in 4242, pays",
    "pm_card_mastercard": "Mastercard ending in 4444, pays",
    "pm_card_threeDSecureRequired": "Visa ending in 3220, asks for 3-D Secure",
    "pm_card_threeDSecureRequiredChargeDeclined": "Visa ending in 1629, asks for 3-D Secure, then is declined",
    "pm_card_visa_chargeDeclined": "Visa ending in 0002, is declined",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "Visa ending in 9995, has insufficient funds",
    "pm_card_chargeDeclinedExpiredCard": "Visa ending in 0069, has expired",
    "pm_card_chargeDeclinedIncorrectCvc": "Visa ending in 0127, has another security code",
    "pm_card_chargeCustomerFail": "Visa ending in 0341, can be kept, and then is declined",
    "pm_card_createDispute": "Visa ending in 0259, pays, and disputes it",
    "pm_card_pendingRefund": "Visa ending in 7726, pays, and is paid back late",
    "pm_card_refundFail": "Visa ending in 5126, pays, and cannot be paid back",
}
