"""The shell around every page: errors, safety headers, languages, navigation, home, health."""
