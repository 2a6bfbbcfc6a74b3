import {
  ActionIcon,
  Anchor,
  AppShell,
  Burger,
  Group,
  Menu,
  NavLink,
  Stack,
  Text,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import type { SessionView } from '@flexaction/client'
import {
  IconBolt,
  IconExternalLink,
  IconFileSearch,
  IconHistory,
  IconListDetails,
  IconLogout,
  IconMoon,
  IconServer,
  IconSun,
  IconTransfer,
  IconUser,
} from '@tabler/icons-react'
import { type ReactNode, useEffect } from 'react'
import { Link, useLocation } from 'wouter'
import { basePath, beginSession, client } from '../api.js'
import { Outdated } from './outdated.js'

const PAGES = [
  { href: '/actions', label: 'Actions', icon: IconBolt },
  { href: '/runs', label: 'Runs', icon: IconListDetails },
  { href: '/records', label: 'Record', icon: IconFileSearch },
  { href: '/workers', label: 'Workers and queues', icon: IconServer },
  { href: '/wire', label: 'Wire', icon: IconTransfer },
]

/** What is around every page: where one can go, who is logged in, light or dark. */
export function Shell({ session, children }: { session: SessionView; children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure()
  const [location] = useLocation()
  useEffect(close, [location, close])
  return (
    <AppShell
      header={{ height: 50 }}
      navbar={{ width: 244, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding={{ base: 'sm', sm: 'lg' }}
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Menu"
              aria-expanded={opened}
            />
            <Anchor component={Link} href="/actions" underline="never" c="inherit">
              <Group gap={8} wrap="nowrap">
                <img src="/icon.svg" alt="" width={22} height={22} />
                <Text fw={650}>FlexAction</Text>
              </Group>
            </Anchor>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ColorSchemeButton />
            <UserMenu session={session} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Pages">
        <Stack gap={2} flex={1}>
          {PAGES.map(({ href, label, icon: Icon }) => {
            const active = location === href || location.startsWith(`${href}/`)
            return (
              <NavLink
                key={href}
                component={Link}
                href={href}
                label={label}
                leftSection={<Icon size={17} stroke={1.6} />}
                active={active}
                aria-current={active ? 'page' : undefined}
                variant="subtle"
                noWrap
                fw={active ? 650 : 400}
              />
            )
          })}
          <NavLink
            href={`${basePath}/queues`}
            label="Queue dashboard"
            noWrap
            leftSection={<IconHistory size={17} stroke={1.6} />}
            rightSection={<IconExternalLink size={14} stroke={1.6} />}
          />
        </Stack>
        <Text size="xs" c="dimmed" px="sm" pb={4}>
          Version {session.version}
        </Text>
      </AppShell.Navbar>
      <AppShell.Main>
        {/* A run's page follows its own connection, and says when that is lost. */}
        {!location.startsWith('/runs/') && <Outdated />}
        {children}
      </AppShell.Main>
    </AppShell>
  )
}

function ColorSchemeButton() {
  const { setColorScheme } = useMantineColorScheme()
  const scheme = useComputedColorScheme('light')
  const other = scheme === 'dark' ? 'light' : 'dark'
  return (
    <ActionIcon variant="subtle" color="gray" onClick={() => setColorScheme(other)} aria-label={`Use ${other} colours`}>
      {scheme === 'dark' ? <IconSun size={18} stroke={1.6} /> : <IconMoon size={18} stroke={1.6} />}
    </ActionIcon>
  )
}

function UserMenu({ session }: { session: SessionView }) {
  const logout = async (): Promise<void> => {
    await client.logout()
    beginSession(null)
  }
  return (
    <Menu position="bottom-end" width={200}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="You">
          <IconUser size={18} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {session.name} ({session.role})
        </Menu.Label>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void logout()}>
          Log out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
