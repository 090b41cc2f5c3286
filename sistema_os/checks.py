"""`manage.py check` rules of the house."""
