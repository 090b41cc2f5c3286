"""The former address of `pipeline.worker.supervisor`, for tasks that the previous release queued.

django-q stores a task with the dotted path of its function. Remove this module one release after 0.5.
"""

from pipeline.worker.supervisor import supervise

__all__ = ["supervise"]
