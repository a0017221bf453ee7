"""What a user would do without a transformer, measured on the same documents."""
