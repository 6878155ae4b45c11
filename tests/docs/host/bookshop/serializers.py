from lorikeet.serializers import LineItemSerializer, PrimaryKeyModelSerializer

from .models import Book, BookLineItem


class BookSerializer(PrimaryKeyModelSerializer):  # read in full, written by its key
    class Meta:
        model = Book
        fields = ["id", "title", "price"]


class BookLineItemSerializer(LineItemSerializer):
    book = BookSerializer()

    class Meta:
        model = BookLineItem
        fields = ["book", "quantity"]  # all that a client may set
