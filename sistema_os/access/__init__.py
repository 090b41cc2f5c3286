"""Who comes in and who looks: sign-ins and reads of personal data."""
