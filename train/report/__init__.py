"""The report of an evaluation: one HTML file with tables, pictures and examples."""
