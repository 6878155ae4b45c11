"""A user model that shares no field name with Django's own: UUID key, ``handle`` to log in, ``contact_email``."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models


class ShopperManager(BaseUserManager):
    """Creates shoppers; the password may be left out."""

    def create_user(self, handle, contact_email="", password=None, **fields):
        user = self.model(handle=handle, contact_email=contact_email, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, handle, contact_email="", password=None, **fields):
        return self.create_user(handle, contact_email, password, is_staff=True, is_superuser=True, **fields)


class Shopper(AbstractBaseUser, PermissionsMixin):
    """A shopper with an account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    handle = models.CharField(max_length=40, unique=True)
    contact_email = models.EmailField(blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    objects = ShopperManager()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "contact_email"
    REQUIRED_FIELDS = ["contact_email"]

    def __str__(self):
        return self.handle
