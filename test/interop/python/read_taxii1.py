"""What cabby gets of collections behind a TAXII 1 discovery, as JSON: its content blocks, and the values of the observables in them."""

import json
import sys

from cabby import create_client
from lxml import etree

# of CybOX 2: elements that hold what is looked for
VALUES = ("Address_Value", "Value", "Simple_Hash_Value")

url, version, user, password, *collections = sys.argv[1:]
client = create_client(discovery_url=url, version=version)
client.set_auth(username=user, password=password)

blocks = 0
values = []
for collection in collections:
    for block in client.poll(collection):
        blocks += 1
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        for properties in etree.fromstring(block.content, parser).iter("{*}Properties"):
            for name in VALUES:
                for element in properties.iter(f"{{*}}{name}"):
                    values.extend(element.text.split("##comma##"))
json.dump({"blocks": blocks, "values": values}, sys.stdout)
