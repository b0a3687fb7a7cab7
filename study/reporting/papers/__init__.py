"""A study's figures and tables in the form that papers take."""
