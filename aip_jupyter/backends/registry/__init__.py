"""Where models, versions and the records of their files live."""
