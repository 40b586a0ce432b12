import type { Particulars } from '../../core/contract/enriched-document.ts';
import type { Indicator } from '../../core/indicator/type.ts';
import { fileText } from './file.ts';
import { registryText } from './registry.ts';
import { domainText, urlText } from './url.ts';

/**
 * The parts of a document that follow from the indicator and what a source knows of it, as JSON text without the outer braces.
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
export function ecsParts({ type, value }: Indicator, known: Particulars | undefined): EcsParts {
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
        indicator: `"type":"domain-name","name":${name},"url":{${domainText(value, name)}}`,
        related: `"hosts":[${name}]`,
        own: '',
      };
    case 'url': {
      const { text, domain } = urlText(value, name, known?.original);
      return {
        indicator: `"type":"url","name":${name},"url":{${text}}`,
        related: `"hosts":[${quote(domain)}]`,
        own: '',
      };
    }
    case 'email':
      return { indicator: `"type":"email-addr","name":${name},"email":{"address":${name}}`, related: '', own: '' };
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
    case 'ssdeep':
    case 'tlsh':
    case 'imphash': {
      const { text, hashes } = fileText(type, name, known?.file);
      return { indicator: `"type":"file","name":${name},"file":{${text}}`, related: `"hash":[${hashes}]`, own: '' };
    }
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
        indicator: `"type":"windows-registry-key","name":${name},"registry":{${registryText(value)}}`,
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

/** A number of 0–100 in ECS's words, by STIX's scale; `Not Specified` is for sources that said nothing. */
export function confidenceWord(confidence: number): string {
  if (confidence <= 0) return 'None';
  if (confidence < 30) return 'Low';
  return confidence < 70 ? 'Medium' : 'High';
}
