"""Carts from the inside: who shops, reading and changing a cart, merging two, what keeps one from checkout."""
