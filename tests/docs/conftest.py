"""The shop of the documentation has settings of its own; ``test_host.py`` runs its suite."""

collect_ignore = ["host"]
