import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readSeverityFile } from '../../../core/process/config/severity-file.ts';
import { severityRules } from '../../../enrich/state/severity.ts';

const file = readSeverityFile('rules/severity.yaml');
const severityOf = severityRules(file);
const ip = (told: { tags?: string[]; categories?: string[]; malware?: string[] }): number =>
  severityOf({ type: 'ip', tags: [], categories: [], malware: [], ...told });

/** The vocabularies of STIX 2.1; `unknown` and `undefined` are left out, as they say nothing. */
const INDICATOR_TYPES = {
  'malicious-activity': 60,
  compromised: 60,
  'anomalous-activity': 50,
  attribution: 50,
  anonymization: 50,
  benign: 0,
};
const MALWARE_TYPES =
  'adware backdoor bot bootkit ddos downloader dropper exploit-kit keylogger ransomware remote-access-trojan resource-exploitation rogue-security-software rootkit screen-capture spyware trojan virus webshell wiper worm'.split(
    ' ',
  );
const INFRASTRUCTURE_TYPES =
  'amplification anonymization botnet command-and-control exfiltration hosting-malware hosting-target-lists phishing reconnaissance staging'.split(
    ' ',
  );

describe('the shipped severity rules', () => {
  it('know what STIX says of an indicator, as category and as label', () => {
    for (const [word, severity] of Object.entries(INDICATOR_TYPES)) {
      assert.equal(ip({ categories: [word] }), severity, word);
      assert.equal(ip({ tags: [word.toUpperCase()] }), severity, word);
    }
    assert.equal(ip({ categories: ['unknown'] }), ip({}));
  });

  it('never let benign raise anything, whatever stands beside it', () => {
    for (const word of Object.keys(file.words)) {
      assert.equal(ip({ categories: [word, 'benign'], malware: ['Emotet'] }), 0, word);
      assert.equal(ip({ categories: ['benign'], tags: [word] }), 0, word);
    }
  });

  it('have a word for each kind of malware and infrastructure of STIX, and none lowers what the type says', () => {
    for (const word of [...MALWARE_TYPES, ...INFRASTRUCTURE_TYPES]) {
      assert.ok(Object.hasOwn(file.words, word), word);
      assert.ok(ip({ categories: [word] }) >= ip({}), word);
      assert.ok(ip({ categories: [word], malware: ['Emotet'] }) >= file.any_malware, word);
    }
    assert.equal(ip({ categories: ['Remote Access Trojan'] }), ip({ categories: ['remote-access-trojan'] }));
  });

  it('take the worst of several words, and the head of one that has a separator', () => {
    assert.equal(ip({ categories: ['anonymization', 'malicious-activity'] }), 60);
    assert.equal(ip({ categories: ['malicious-activity'], tags: ['ransomware:lockbit'] }), 95);
    assert.equal(ip({ categories: ['malicious-activity-of-mine'] }), ip({}));
  });
});
