"""What is wrong with a template, or with what it does."""


class TemplateError(Exception):
    """A template that cannot be read, or that asks for what cannot be done."""
