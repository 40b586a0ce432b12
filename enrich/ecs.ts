import type { Indicator } from '../core/indicator/type.ts';

/**
 * The parts of a document that follow from the indicator alone, as JSON text without the outer braces.
 * Field names and types are ECS's (threat.indicator.*, related.*).
 */
export interface EcsParts {
  /** Inside `threat.indicator`. */
  indicator: string;
  /** Inside `related`; '' when there is nothing. */
  related: string;
  /** Inside `tipline`; '' or a leading comma and fields. */
  own: string;
}

const quote = JSON.stringify;

/**
 * Maps an indicator to ECS. Two rules that cost others their alerts: the host address of a URL does not go into `.ip` (a rule would
 * fire on every contact with a shared host), and a CIDR keeps its mask (`.ip` refuses it, so it stands in `.name` and `tipline.ip_range`).
 */
export function ecsParts({ type, value }: Indicator): EcsParts {
  const name = quote(value);
  switch (type) {
    case 'ip':
      return {
        indicator: `"type":"${value.includes(':') ? 'ipv6-addr' : 'ipv4-addr'}","name":${name},"ip":${name}`,
        related: `"ip":[${name}]`,
        own: '',
      };
    case 'cidr':
      return {
        indicator: `"type":"${value.includes(':') ? 'ipv6-addr' : 'ipv4-addr'}","name":${name}`,
        related: '',
        own: `,"ip_range":${name}`,
      };
    case 'domain':
      return {
        indicator: `"type":"domain-name","name":${name},"url":{"domain":${name}}`,
        related: `"hosts":[${name}]`,
        own: '',
      };
    case 'url':
      return urlParts(value, name);
    case 'email':
      return { indicator: `"type":"email-addr","name":${name},"email":{"address":${name}}`, related: '', own: '' };
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
    case 'ssdeep':
    case 'tlsh':
      return {
        indicator: `"type":"file","name":${name},"file":{"hash":{"${type}":${name}}}`,
        related: `"hash":[${name}]`,
        own: '',
      };
    case 'imphash':
      return {
        indicator: `"type":"file","name":${name},"file":{"pe":{"imphash":${name}}}`,
        related: `"hash":[${name}]`,
        own: '',
      };
    case 'asn':
      return {
        indicator: `"type":"autonomous-system","name":${name},"as":{"number":${Number(value.slice(2))}}`,
        related: '',
        own: '',
      };
    case 'mac':
      return { indicator: `"type":"mac-addr","name":${name}`, related: '', own: '' };
    case 'mutex':
      return { indicator: `"type":"mutex","name":${name}`, related: '', own: '' };
    case 'registry':
      return {
        indicator: `"type":"windows-registry-key","name":${name},"registry":{"path":${name}}`,
        related: '',
        own: '',
      };
    case 'x509':
      return {
        indicator: `"type":"x509-certificate","name":${name},"x509":{"serial_number":${name}}`,
        related: `"hash":[${name}]`,
        own: '',
      };
    case 'cve':
      return { indicator: `"type":"artifact","name":${name}`, related: '', own: '' };
    default: {
      const never: never = type;
      return never;
    }
  }
}

/** Cuts a canonical URL into its ECS parts: by hand, because it is well-formed and `new URL` costs as much as all the rest. */
function urlParts(value: string, name: string): EcsParts {
  const schemeEnd = value.indexOf('://');
  const hostStart = schemeEnd + 3;
  let hostEnd = hostStart;
  while (hostEnd < value.length && !'/?#'.includes(value.charAt(hostEnd))) hostEnd += 1;
  const authority = value.slice(
    value.lastIndexOf('@', hostEnd - 1) >= hostStart ? value.lastIndexOf('@', hostEnd - 1) + 1 : hostStart,
    hostEnd,
  );
  const portMatch = /:(\d{1,5})$/.exec(authority);
  const host = portMatch === null ? authority : authority.slice(0, portMatch.index);
  const domain = host.startsWith('[') ? host.slice(1, -1) : host;
  const queryAt = value.indexOf('?', hostEnd);
  const path = value.slice(hostEnd, queryAt < 0 ? undefined : queryAt);

  let url = `"full":${name},"original":${name},"scheme":${quote(value.slice(0, schemeEnd))},"domain":${quote(domain)}`;
  if (portMatch !== null) url += `,"port":${Number(portMatch[1])}`;
  if (path !== '') url += `,"path":${quote(path)}`;
  if (queryAt >= 0 && queryAt + 1 < value.length) url += `,"query":${quote(value.slice(queryAt + 1))}`;
  const extension = /\.([A-Za-z0-9]{1,10})$/.exec(path)?.[1];
  if (extension !== undefined) url += `,"extension":${quote(extension)}`;
  return { indicator: `"type":"url","name":${name},"url":{${url}}`, related: `"hosts":[${quote(domain)}]`, own: '' };
}

/** A number of 0–100 in ECS's words, by STIX's scale; `Not Specified` is for sources that said nothing. */
export function confidenceWord(confidence: number): string {
  if (confidence <= 0) return 'None';
  if (confidence < 30) return 'Low';
  return confidence < 70 ? 'Medium' : 'High';
}
