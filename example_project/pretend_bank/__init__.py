"""A card provider that takes no money, so that the shop can be tried: it has its own books and knows no order."""
