"""A Stripe for tests: it keeps books of its own, and answers the real SDK as Stripe does.

In one process::

    fake = FakeStripe()
    client = fake.client()  # or StripeClient(KEY, http_client=fake.http_client)

For several processes::

    with FakeStripeServer() as server:
        client = server.client()  # or StripeClient(KEY, base_addresses={"api": server.url})

What shoppers, banks and the dashboard do, and what goes wrong, are methods of :class:`FakeStripe`; the server has the
same as ``server.controls``. Needs the extra ``stripe``.
"""

from .controls import KEY, SECRET, FakeStripe
from .errors import Refused
from .server import FakeStripeServer

__all__ = ["KEY", "SECRET", "FakeStripe", "FakeStripeServer", "Refused"]
