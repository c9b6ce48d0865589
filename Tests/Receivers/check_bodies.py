# SPDX-License-Identifier: Apache-2.0
"""Checks golden bodies with what receivers use: each standard body against its JSON Schema, each CloudEvent with the
CloudEvents SDK. The argument is the folder that holds standard/, cloudevents/ and schema/. Prints one line per fault;
exits with 1 when there are any."""

import json
import pathlib
import sys

import jsonschema
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

golden = pathlib.Path(sys.argv[1])
faults = []
checked = 0

for path in sorted((golden / "schema").glob("*.json")):
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    body = json.loads((golden / "standard" / path.name).read_text())
    faults += [f"standard/{path.name}: {error.message}" for error in validator.iter_errors(body)]
    # A schema that accepts anything would prove nothing.
    if validator.is_valid({**body, "type": "something_else"}) or validator.is_valid({**body, "data": {}}):
        faults.append(f"schema/{path.name}: accepts what it should not")

    message = HTTPMessage({"content-type": "application/cloudevents+json"}, (golden / "cloudevents" / path.name).read_bytes())
    event = from_http_event(message)
    if event.get_type() != path.stem or event.get_data() != body["data"]:
        faults.append(f"cloudevents/{path.name}: another type or other data than in the standard body")
    checked += 1

print("\n".join(faults) if faults else f"{checked} types checked")
sys.exit(1 if faults or not checked else 0)
