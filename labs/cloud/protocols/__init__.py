"""Each protocol's form: which operation a request asks for, its parameters, its pages, its answers and errors.

Door: ``services`` lists what is served, as data; ``operations`` reads a request, ``parameters`` checks it against
botocore's model, ``paging`` cuts lists, ``answers`` writes what goes back.
"""
