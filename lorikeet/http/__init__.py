"""Requests and answers: who asks, what is read of a body, how a cart, an order and an error are shown."""
