"""Each protocol's form: which operation a request asks for, its parameters, its answers and errors."""
