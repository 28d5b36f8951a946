"""The page: lectures, their claims, the tables that decide them, curves; one file that needs no network."""
