"""A study on one page that needs nothing else, ``report.html``, and its figures and tables for papers."""
