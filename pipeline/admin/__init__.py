"""Admin pages of runs; importing the package registers them."""

from pipeline.admin import runs

__all__ = ["runs"]
