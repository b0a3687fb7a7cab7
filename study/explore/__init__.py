"""The explorers: pages of one Dash app that listens on this machine alone."""
