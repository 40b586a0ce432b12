import { canonicalEmail } from '../../../core/indicator/email.ts';
import { table } from './table.ts';

table('e-mail addresses', canonicalEmail, [
  ['User.Name+tag@Example.COM', 'user.name+tag@example.com'],
  ['mailto:user@example.com', 'user@example.com'],
  ['user@bücher.de', 'user@xn--bcher-kva.de'],
  ['user@example.com.', 'user@example.com'],
  ['a..b.@example.com', 'a..b.@example.com'],
  ['user@localhost', undefined],
  ['user@example.com:25', undefined],
  ['user@192.0.2.1', undefined],
  ['user@[192.0.2.1]', undefined],
  ['"a b"@example.com', undefined],
  ['a b@example.com', undefined],
  ['a@b@example.com', undefined],
  ['@example.com', undefined],
  ['user@', undefined],
  [`${'a'.repeat(65)}@example.com`, undefined],
  ['usér@example.com', undefined],
]);
