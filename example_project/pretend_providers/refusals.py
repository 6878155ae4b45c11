"""What a provider says when it does not do what it was asked."""


class Refusal(Exception):
    """The request is answered with ``status``, a stable ``code`` and a sentence, and changed nothing."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
