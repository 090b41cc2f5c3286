"""The admin site: its pages, menu, help texts and user administration."""
