import { type Element, find, findAll } from './element.ts';
import { allOf, leaves, referred } from './leaves.ts';
import { type Part, together } from './part.ts';
import { type Reading, valuesOf } from './property.ts';
import { address, hostname } from './value-objects.ts';

export function socketAddress(properties: Element, reading: Reading): Part[] {
  const elsewhere = referred(properties);
  if (elsewhere !== undefined) return elsewhere;
  const ip = find(properties, 'IP_Address');
  const host = find(properties, 'Hostname');
  const ports = valuesOf(find(properties, 'Port', 'Port_Value'), reading, false).values;
  const found = allOf([
    ip === undefined ? [] : address(ip, reading),
    host === undefined ? [] : hostname(host, reading),
  ]);
  const port = ports.length === 1 ? ports[0] : undefined;
  return port === undefined ? found : found.map((part) => ('v' in part ? { ...part, p: port } : part));
}

export function networkConnection(properties: Element, reading: Reading): Part[] {
  const ends = ['Source_Socket_Address', 'Destination_Socket_Address'].flatMap((name) => findAll(properties, name));
  const layer7 = find(properties, 'Layer7_Connections');
  const told = [
    ...ends.map((end) => socketAddress(end, reading)),
    ...(layer7 === undefined ? [] : findAll(layer7, 'HTTP_Session').map((session) => httpSession(session, reading))),
    ...(layer7 === undefined ? [] : findAll(layer7, 'DNS_Query').map((query) => dnsQuery(query, reading))),
  ];
  // an end or a session without a value (StartsWith, only a method) is a condition all the same; ports alone say nothing
  const mute = told.filter(
    (group, index) => group.length === 0 && (index >= ends.length || hasHost(ends[index])),
  ).length;
  return allOf(told, mute);
}

function hasHost(end: Element | undefined): boolean {
  return find(end, 'IP_Address') !== undefined || find(end, 'Hostname') !== undefined;
}

export function networkSocket(properties: Element, reading: Reading): Part[] {
  const remote = findAll(properties, 'Remote_Address').map((end) => socketAddress(end, reading));
  // the near end is the machine on which it was seen
  const local = findAll(properties, 'Local_Address').flatMap((end) => socketAddress(end, reading));
  return [...allOf(remote), ...together(local)];
}

export function processObject(properties: Element, reading: Reading): Part[] {
  const connections = findAll(properties, 'Network_Connection_List', 'Network_Connection');
  if (connections.length === 0) reading.skip('a process without a connection');
  return together(connections.flatMap((each) => networkConnection(each, reading)));
}

export function httpSession(properties: Element, reading: Reading): Part[] {
  const requests = findAll(properties, 'HTTP_Request_Response', 'HTTP_Client_Request');
  const headers = requests.flatMap((request) => findAll(request, 'HTTP_Request_Header', 'Parsed_Header'));
  const groups = headers.flatMap((header) =>
    findAll(header, 'Host', 'Domain_Name').map((host) => {
      const value = find(host, 'Value');
      return value === undefined ? [] : leaves(value, 'domain', reading, false);
    }),
  );
  const fields = headers.flatMap((header) => header.children.filter((child) => child.name !== 'Host'));
  const lines = requests.flatMap((request) => findAll(request, 'HTTP_Request_Line'));
  if (groups.length === 0) reading.skip('an HTTP session without a host');
  return allOf(groups, fields.length + lines.length);
}

export function dnsQuery(properties: Element, reading: Reading): Part[] {
  return findAll(properties, 'Question', 'QName').flatMap((name) =>
    leaves(find(name, 'Value'), 'domain', reading, false),
  );
}

export function dnsRecord(properties: Element, reading: Reading): Part[] {
  const name = find(properties, 'Domain_Name');
  const ip = find(properties, 'IP_Address');
  const addresses = ip === undefined ? [] : address(ip, reading);
  if (name === undefined) return addresses;
  // what a name resolved to is told, not blamed
  return [...leaves(find(name, 'Value'), 'domain', reading, false), ...together(addresses)];
}

export function whois(properties: Element, reading: Reading): Part[] {
  const ip = find(properties, 'IP_Address');
  const name = find(properties, 'Domain_Name');
  const mails = findAll(properties, 'Registrants', 'Registrant', 'Email_Address');
  return [
    ...leaves(find(name, 'Value'), 'domain', reading, false),
    ...together(ip === undefined ? [] : address(ip, reading)),
    ...together(mails.flatMap((mail) => address(mail, reading))),
  ];
}
