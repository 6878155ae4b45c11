"""Django's test client, for an API whose errors all have one shape."""

from django.test import Client


class JSONClient(Client):
    """Checks of every error of the API that it has its ``errors``, and leaves them out of ``json()``.

    They are in ``response.errors``, so that each test states the rest of a body, or them.
    """

    def request(self, **request):
        response = super().request(**request)
        if response.status_code >= 400 and response.content and response["Content-Type"] == "application/json":
            body = response.json()
            response.errors = body.pop("errors")
            response.json = lambda: body
            check_errors(response)
        return response


def check_errors(response):
    assert response.errors
    for entry in response.errors:
        assert {"code", "field", "message"} <= entry.keys() <= {"code", "field", "message", "data"}
        assert entry["code"] and entry["message"] and entry["field"] != ""
