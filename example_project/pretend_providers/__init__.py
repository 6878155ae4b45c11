"""Two pretend payment providers that run as HTTP servers of their own, and the clients a shop asks them with.

They need nothing but Python. They have no accounts and no passwords: they listen on loopback, and take no real money.
"""
