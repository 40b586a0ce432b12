"""Serves OpenTAXII (TAXII 1.0, 1.1 and 2.1) on a loopback port, with the services, collections and the account of a JSON file."""

import functools
import json
import sys
import types

import opentaxii.taxii2.http
from opentaxii.config import ServerConfig
from opentaxii.entities import Account
from opentaxii.local import context
from opentaxii.middleware import create_app
from opentaxii.server import TAXIIServer
from opentaxii.utils import configure_logging, sync_conf_dict_into_db

# Each release on PyPI that knows TAXII 2.1 (0.9.0 to 0.9.3) answers 500 to every list of collections of its own database: the ids there
# are UUID objects, which json.dumps refuses (issue 243 of the project). So it is given one that writes them as text.
opentaxii.taxii2.http.json = types.SimpleNamespace(dumps=functools.partial(json.dumps, default=str))

with open(sys.argv[1], encoding="utf-8") as file:
    plan = json.load(file)

config = ServerConfig(extra_configs=[plan["config"]])
configure_logging(config["logging"], plain=True)
server = TAXIIServer(config)
app = create_app(server)

with app.app_context():
    context.account = Account(id=None, username="setup", permissions=None, is_admin=True)
    sync_conf_dict_into_db(server, plan["data"])
    taxii2 = server.servers.taxii2.persistence.api
    root = taxii2.add_api_root(title="interop", default=True)
    for title in plan["taxii2_collections"]:
        taxii2.add_collection(api_root_id=root.id, title=title)

app.run(host="127.0.0.1", port=plan["port"], threaded=True)
