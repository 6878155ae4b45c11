from django.apps import AppConfig


class BookshopConfig(AppConfig):
    name = "bookshop"

    def ready(self):
        from lorikeet.serializers import registry

        from .models import BookLineItem
        from .serializers import BookLineItemSerializer

        registry.register(BookLineItem, BookLineItemSerializer)
