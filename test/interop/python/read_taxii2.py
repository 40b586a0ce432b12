"""What taxii2-client gets of all collections behind a TAXII 2.1 discovery, as a JSON list: id with version of each object."""

import json
import sys

from taxii2client.v21 import Server, as_pages

url, user, password, per_request = sys.argv[1:5]

objects = []
for root in Server(url, user=user, password=password).api_roots:
    for collection in root.collections:
        for page in as_pages(collection.get_objects, per_request=int(per_request)):
            for each in page.get("objects", []):
                objects.append(f"{each['id']} {each.get('modified', '')}".rstrip())
json.dump(objects, sys.stdout)
