"""JSON: the API that other tools' clients speak."""
