"""What schemathesis has to be told beside the OpenAPI documents."""

import schemathesis

# Pieces of uploads are bytes too.
schemathesis.serializer.alias(["application/partial-upload"], "application/octet-stream")


@schemathesis.hook
def before_call(context, case, kwargs):
    """The length of a body is for HTTP to say: a made-up one breaks the message, not the contract."""
    for name in [name for name in case.headers or {} if name.lower() == "content-length"]:
        del case.headers[name]
