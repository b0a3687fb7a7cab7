"""The languages that ARASAAC's catalogue has keywords in."""

# As the public API's own source lists them in 2026: ISO 639-1, besides val for Valencian.
LANGUAGES = (
    "an", "ar", "bg", "br", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fr", "gl", "he", "hi", "hr",
    "hu", "is", "it", "ko", "lt", "lv", "mk", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sq", "sr", "sv", "tr", "uk",
    "val", "zh",
)  # fmt: skip
