"""Everything a shop may need beside the cart, each app written against Lorikeet's public names alone."""
