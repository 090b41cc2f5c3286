from pipeline.management.job_command import JobCommand


class Command(JobCommand):
    help = "Collect what is on the books by stay date and room type."
    job = "rm_daily_collection"
