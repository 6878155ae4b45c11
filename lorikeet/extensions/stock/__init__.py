"""Stock that is never sold twice: what is on hand, what is held for whom, and how it came and went.

Add ``"lorikeet.extensions.stock"`` to ``INSTALLED_APPS``, and give the line items a ``get_stock()``.
"""
